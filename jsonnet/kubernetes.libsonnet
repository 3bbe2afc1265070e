// Thin constructors: an object of a kind with its name, and nothing that a kind does not ask for.
local object(apiVersion, kind, name, namespace, labels) = {
  apiVersion: apiVersion,
  kind: kind,
  metadata: { name: name } +
            (if namespace == null then {} else { namespace: namespace }) +
            (if labels == {} then {} else { labels: labels }),
};

{
  // Any object. namespace: null for kinds of the whole cluster.
  object(apiVersion, kind, name, namespace=null, labels={}):: object(apiVersion, kind, name, namespace, labels),

  namespace(name, labels={}):: object('v1', 'Namespace', name, null, labels),

  // data: file name → text.
  configMap(name, namespace, data, labels={}):: object('v1', 'ConfigMap', name, namespace, labels) { data: data },

  // spec is merged over nothing: a Service needs its ports and selector from the caller.
  service(name, namespace, spec, labels={}):: object('v1', 'Service', name, namespace, labels) { spec: spec },

  deployment(name, namespace, spec, labels={}):: object('apps/v1', 'Deployment', name, namespace, labels) { spec: spec },

  statefulSet(name, namespace, spec, labels={}):: object('apps/v1', 'StatefulSet', name, namespace, labels) { spec: spec },

  // size: a quantity, such as '1Gi'.
  persistentVolumeClaim(name, namespace, size, labels={}):: object('v1', 'PersistentVolumeClaim', name, namespace, labels) {
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: size } } },
  },

  // The objects of a component as files of jsonnet_to_json: { role: object } becomes { 'role.json': object }.
  files(objects):: { [role + '.json']: objects[role] for role in std.objectFields(objects) },
}
