module fathom/third_party/go/syft

go 1.26

require github.com/anchore/syft v1.38.0
