// The ts-proto plugin as protoc starts it: request on stdin, code on stdout.
import 'ts-proto/build/src/plugin.js';
