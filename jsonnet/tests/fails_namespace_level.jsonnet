// Only the levels of the standard.
local namespace = import 'jsonnet/namespace.libsonnet';

namespace({ name: 'dev', level: 'strict' })
