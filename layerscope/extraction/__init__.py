"""Files written out of an image, confined to a target folder."""
