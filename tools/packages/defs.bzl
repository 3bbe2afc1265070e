"""Third-party packages by lock file: repository rules and what they provide."""

load("//tools/packages:providers.bzl", _DebianPackageInfo = "DebianPackageInfo", _NpmPackageInfo = "NpmPackageInfo")
load("//tools/packages/private:debian_repository.bzl", _debian_packages = "debian_packages")
load("//tools/packages/private:npm_repository.bzl", _npm_packages = "npm_packages")

DebianPackageInfo = _DebianPackageInfo
NpmPackageInfo = _NpmPackageInfo
debian_packages = _debian_packages
npm_packages = _npm_packages
