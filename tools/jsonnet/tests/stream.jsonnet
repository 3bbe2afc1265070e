// A stream of documents.
[{ document: 1 }, { document: 2 }]
