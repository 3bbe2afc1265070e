module fathom/pause

go 1.24
