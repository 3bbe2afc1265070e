"""Third-party packages by lock file: repository rules and what they provide."""

load("//tools/packages:providers.bzl", _NpmPackageInfo = "NpmPackageInfo")
load("//tools/packages/private:npm_repository.bzl", _npm_packages = "npm_packages")

NpmPackageInfo = _NpmPackageInfo
npm_packages = _npm_packages
