"""Tables as files: Excel, comma-separated values, print. Knows tables, not attendance."""
