"""From the built pages to what a reader takes away: PDF, EPUB, one file per page, plain text."""
