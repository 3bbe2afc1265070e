// A path is no Jsonnet.
std.extVar('PATH')
