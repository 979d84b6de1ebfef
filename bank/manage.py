"""Commands of the bank: `python -m bank.manage migrate`, `... send_webhooks`."""

import os
import sys


def main() -> None:
    """Run a Django command with the bank's settings, whatever the caller's environment says about another project."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "bank.settings"
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
