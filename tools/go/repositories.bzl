"""Repository rules of Go for the WORKSPACE of whoever writes Go."""

load("//tools/go/private:modules_repository.bzl", _go_modules = "go_modules")

go_modules = _go_modules
