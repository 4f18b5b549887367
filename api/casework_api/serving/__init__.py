"""Reading requests and writing answers, so that no slow client delays another."""
