"""The pages of checkout, one file per thing that a customer does."""
