// A file that is built.
['built']
