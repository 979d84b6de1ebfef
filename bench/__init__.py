"""What is measured and what is struck: programs that use the gateway from outside, as processes and over HTTP."""
