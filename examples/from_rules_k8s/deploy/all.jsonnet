// The Services of the shop as one stream.
local shop = import 'deploy/shop.libsonnet';

[shop.service(name) for name in std.extVar('names')]
