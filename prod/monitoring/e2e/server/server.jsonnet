// The route guide's server as it is, watched so often that a test sees its alerts come and go.
local server = import 'services/routeguide/server/server.jsonnet';

local hurried = { routeguide+: { alertWindow: '5m', scrapeInterval: '5s' } };

function(environment, deps) server(environment { parameters+: hurried }, deps)
