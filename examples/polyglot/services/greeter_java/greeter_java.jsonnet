local greeter = import 'services/greeter.libsonnet';

function(environment, deps) greeter('greeter_java', environment)
