"""The settings: what the user writes into config.toml, and what the screens remember."""
