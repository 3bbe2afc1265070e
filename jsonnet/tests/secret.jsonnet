// References to secrets, alone and inside of a text.
local secret = import 'jsonnet/secret.libsonnet';

{
  secret: secret.object('db', 'dev', {
    password: secret.sops('services/x/secrets.yaml', 'db.password'),
    url: 'postgres://app:%s@db:5432/app' % secret.sops('services/x/secrets.yaml', 'db.password', 'url'),
    token: secret.env('DB_TOKEN'),
    'tls.key': secret.file('/run/secrets/tls.key'),
    nested: secret.file('local.json', 'a.b', encode='base64'),
    made: secret.generated('db', 'made'),
    odd: secret.sops('a b/#1.yaml', 'x{y}'),
  }, { a: 'b' }),
}
