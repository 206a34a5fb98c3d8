"""What of a model's answer stands, field by field, and what is replaced from the facts held back."""
