"""The screens: they wire widgets to the session, and decide nothing themselves."""
