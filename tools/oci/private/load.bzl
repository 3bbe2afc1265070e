"""oci_load: an executable that brings one image into a Docker daemon or a containerd."""

load("//tools/oci:providers.bzl", "OciImageIndexInfo", "OciImageInfo")
load("//tools/ts/private:compile.bzl", "rlocation")
load("//tools/ts/private:launcher.bzl", "create_launcher", "runfile_argument", "shell_quote")
load("//tools/ts/private:toolchain.bzl", "TOOLCHAIN_TYPE")
load(":image.bzl", "layer_blobs")

_DOC = """Loads an image into a daemon of this machine: `bazel run :load`. Of an index, the one for this machine's processor.

Layers that the daemon has are not sent again. Docker is asked for the layers of its images, and gets an archive with
the others alone, not compressed with zstd, so that old ones read it; where it keeps images in containerd's store, it
gets an image layout with all. containerd is asked for its blobs, and gets an image layout with the others, through ctr.
Prints the names under which the image is there.

Arguments: `--to docker|containerd`, `--name NAME` (several times: instead of `repo_tags`), `--all-layers`,
`--platform OS/ARCHITECTURE` (of an index); for
containerd `--address SOCKET`, `--namespace NAME` (default k8s.io, where Kubernetes looks), `--ctr PROGRAM`,
`--no-unpack`. DOCKER_HOST says where Docker listens. A node of an embedded cluster has its containerd at
/proc/<pid of the node's init>/root/run/containerd/containerd.sock.

    oci_load(
        name = "load",
        image = ":image",
        repo_tags = ["web:latest"],
    )
"""

def _oci_load_impl(ctx):
    target = ctx.attr.image
    image = target[OciImageIndexInfo] if OciImageIndexInfo in target else target[OciImageInfo]
    images = image.images if OciImageIndexInfo in target else [image]
    blobs = [blob for one in images for blob in layer_blobs(one.layers.to_list())]
    names = ctx.attr.repo_tags or [image.repository + ":latest"]
    arguments = [shell_quote("--image"), runfile_argument(rlocation(ctx, image.index_entry)), shell_quote("--to=" + ctx.attr.to)]
    arguments += [shell_quote("--default-name=" + name) for name in names]
    launcher = create_launcher(
        ctx,
        ctx.label.name,
        [file for file in ctx.files._program if file.extension == "mjs"][0],
        arguments = arguments,
        runfiles = target[DefaultInfo].default_runfiles.merge(ctx.runfiles(files = blobs)),
    )
    return [DefaultInfo(executable = launcher.executable, runfiles = launcher.runfiles)]

oci_load = rule(
    implementation = _oci_load_impl,
    doc = _DOC,
    attrs = {
        "image": attr.label(doc = "The image, or an index that has one for the machine.", mandatory = True, providers = [[OciImageInfo], [OciImageIndexInfo]]),
        "repo_tags": attr.string_list(doc = "Its names in the daemon, `[registry/]repository:tag`. Default: `<repository>:latest`."),
        "to": attr.string(doc = "Which kind of daemon, unless `--to` says otherwise.", default = "docker", values = ["containerd", "docker"]),
        "_program": attr.label(doc = "The loader.", default = "//tools/oci:load_tool"),
    },
    executable = True,
    toolchains = [TOOLCHAIN_TYPE],
)
