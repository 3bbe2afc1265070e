// Fails where the target does not name the library in deps.
import 'tools/jsonnet/tests/lib/greeting.libsonnet'
