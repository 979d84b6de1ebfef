"""Settings: `base` reads the environment; `local`, `test` and `production` say what differs."""
