"""Third-party packages by lock file: repository rules and what they provide."""

load(
    "//tools/packages:providers.bzl",
    _DebianPackageInfo = "DebianPackageInfo",
    _MavenArtifactInfo = "MavenArtifactInfo",
    _NpmPackageInfo = "NpmPackageInfo",
    _PypiPackageInfo = "PypiPackageInfo",
    _ThirdPartyInfo = "ThirdPartyInfo",
)
load("//tools/packages/private:debian_repository.bzl", _debian_packages = "debian_packages")
load(
    "//tools/packages/private:go_repository.bzl",
    _go_binaries = "go_binaries",
    _go_module_files = "go_module_files",
    _go_sdk = "go_sdk",
)
load("//tools/packages/private:maven_repository.bzl", _maven_artifacts = "maven_artifacts", _maven_model = "maven_model")
load("//tools/packages/private:npm_repository.bzl", _npm_packages = "npm_packages")
load("//tools/packages/private:protobuf_repository.bzl", _protobuf_repository = "protobuf_repository")
load("//tools/packages/private:pypi_repository.bzl", _pypi_packages = "pypi_packages", _pypi_wheel = "pypi_wheel")

DebianPackageInfo = _DebianPackageInfo
MavenArtifactInfo = _MavenArtifactInfo
NpmPackageInfo = _NpmPackageInfo
PypiPackageInfo = _PypiPackageInfo
ThirdPartyInfo = _ThirdPartyInfo
debian_packages = _debian_packages
go_binaries = _go_binaries
go_module_files = _go_module_files
go_sdk = _go_sdk
maven_artifacts = _maven_artifacts
maven_model = _maven_model
npm_packages = _npm_packages
protobuf_repository = _protobuf_repository
pypi_packages = _pypi_packages
pypi_wheel = _pypi_wheel
