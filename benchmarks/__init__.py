"""Measures the product: accuracy, stages, races; virtual persons and a demo."""
