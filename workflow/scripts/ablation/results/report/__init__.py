"""The page of a study: `contents` reads what the study left, `pictures` make it fit, `page` writes the HTML.

To add a section, read what it needs in `contents` and write it in `page.html`, with a line in its contents.
"""
