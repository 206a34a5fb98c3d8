"""Limits by scope (account, model) and how they are kept: windows, an account's book, the ledger of all accounts."""
