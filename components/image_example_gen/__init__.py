"""ImageExampleGen: labelled images of one domain become Examples."""
