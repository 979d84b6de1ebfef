"""The demo: a merchant to look at (`manage.py seed_demo`) and real payments through HTTP only (`python -m demo`)."""
