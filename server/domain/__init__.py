"""Pure rules: no input or output, no clocks, no models."""
