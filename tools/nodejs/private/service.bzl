"""The program of a Node.js service and its tests, out of the sources of a package."""

load("//tools/ts:defs.bzl", "ts_binary", "ts_library", "ts_test")

# What a test of metrics imports.
_SCRAPE = Label("//tools/monitoring:scrape")

def service_program(deps, data, test_data, test_deps, test_programs, test_size):
    """Declares `lib`, `main`, `testing` and a test for each `*_test.ts`; nodejs_service documents them.

    Args:
      deps: TypeScript libraries and npm packages of all sources but tests.
      data: files that the program reads.
      test_data: files that tests read.
      test_deps: what tests and `testing/` import beside `deps`.
      test_programs: environment variable of tests → label of a program.
      test_size: of the tests.
    """
    sources = native.glob(["*.ts"], exclude = ["main.ts", "*_test.ts", "*.d.ts"], allow_empty = True)
    testing = native.glob(["testing/*.ts"], allow_empty = True)
    own = [":lib"] if sources else []
    if sources:
        ts_library(
            name = "lib",
            srcs = sources,
            data = data,
            deps = deps,
        )
    ts_binary(
        name = "main",
        data = data,
        entry_point = "main.ts",
        deps = own + deps,
    )
    if testing:
        ts_library(
            name = "testing",
            testonly = True,
            srcs = testing,
            deps = own + deps + test_deps,
        )
    for test in native.glob(["*_test.ts"], allow_empty = True):
        is_of_metrics = test == "metrics_test.ts"
        programs = dict({"MAIN_PROGRAM": ":main"} if is_of_metrics else {}, **test_programs)
        listed = native.glob(["metrics.txt"], allow_empty = True) if is_of_metrics else []
        test_files = test_data + [file for file in listed if file not in test_data]
        ts_test(
            name = test[:-len(".ts")],
            size = test_size,
            srcs = [test],
            data = test_files + [program for program in programs.values() if program not in test_files],
            env = {variable: "$(location {})".format(program) for variable, program in programs.items()},
            deps = own + ([":testing"] if testing else []) + deps + test_deps + ([_SCRAPE] if is_of_metrics else []),
        )
