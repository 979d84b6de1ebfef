"""A tiny shop on top of the payment gateway: one API call, one redirect, one signed webhook. Standard library only."""
