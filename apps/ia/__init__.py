"""What is known of language models: accounts and their limits, models and their records, earlier answers."""
