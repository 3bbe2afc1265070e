local secret = import 'jsonnet/secret.libsonnet';

secret.env('TOKEN', 'hex')
