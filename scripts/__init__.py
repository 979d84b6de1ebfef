"""Tools of the repository itself; nothing of the gateway imports them."""
