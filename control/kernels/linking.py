"""How parts become one machine code: each is lowered once, and linked into the kernel above it.

Numba optimises a function with all that it calls, and emits its machine code, before it looks at the
caller: a part eight calls below a kernel is optimised nine times, for code that nobody runs. Here a
part stays as it was lowered until a kernel is finished, which takes in everything below it and
optimises the whole once.

These are Numba's own places for extension: the pipeline of a compiler, a pass, the library of a
function's code.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from numba.core import compiler, compiler_machinery, typed_passes, types
from numba.core.codegen import JITCodeLibrary

_register_pass: Any = compiler_machinery.register_pass
_registered: Any = _register_pass(mutates_CFG=True, analysis_only=False)


class PartLibrary(JITCodeLibrary):
    """The code of a part as it was lowered, and what it calls; kernels link it in."""

    @property
    def called(self) -> list[Any]:
        """The libraries of what it calls."""
        libraries: list[Any] = self._linking_libraries
        return libraries

    def _optimize_functions(self, ll_module: Any) -> None:
        """Leave the functions as they are."""
        ll_module.data_layout = str(self.codegen.target_data)

    def finalize(self) -> None:
        """Be ready to be linked: nothing is optimised, and no machine code emitted."""
        self._finalized = True


class KernelLibrary(JITCodeLibrary):
    """The code of a kernel with everything below it."""

    def finalize(self) -> None:
        """Link all parts below, optimise the whole and emit machine code."""
        self._linking_libraries = list(_below(self._linking_libraries))
        finish: Any = super().finalize
        finish()


def _below(libraries: list[Any]) -> Iterator[Any]:
    """Yield the libraries that code with these needs, each of them once."""
    waiting, met = list(libraries), set()
    while waiting:
        library = waiting.pop()
        if library not in met:
            met.add(library)
            yield library
            waiting += library.called if isinstance(library, PartLibrary) else []


@_registered
class LowerPart(typed_passes.NativeLowering):
    """Lower a part; callers know it by a door that nobody passes."""

    _name = "part_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower into a library that waits to be linked."""
        state.library = _library(PartLibrary, state)
        state.flags.no_compile = True
        lower: Any = super().run_pass
        lower(state)
        lowered = state["cr"]
        door = dict[object, object]().__getitem__  # Numba tells functions apart by a builtin of their own
        state.targetctx.insert_user_function(door, lowered.fndesc, [state.library])
        state["cr"] = lowered._replace(cfunc=door)
        return True


@_registered
class LowerKernel(typed_passes.NativeLowering):
    """Lower a kernel and finish it."""

    _name = "kernel_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower into a library that takes in what is below."""
        state.library = _library(KernelLibrary, state)
        state.library.enable_object_caching()
        lower: Any = super().run_pass
        lower(state)
        return True


def _library(kind: Any, state: Any) -> Any:
    return kind(state.targetctx.codegen(), state.func_id.func_qualname)


class PartCompiler(compiler.CompilerBase):
    """Compiles parts: Numba's passes, without its fallback to interpreted code."""

    lowering: Any = LowerPart

    def define_pipelines(self) -> list[Any]:
        """Return the passes with the lowering of this compiler."""
        define: Any = compiler.DefaultPassBuilder.define_nopython_pipeline
        pipeline = define(self.state)
        pipeline.passes = [
            (self.lowering if one is typed_passes.NativeLowering else one, why)
            for one, why in pipeline.passes
        ]
        pipeline.finalize()
        return [pipeline]


class KernelCompiler(PartCompiler):
    """Compiles kernels."""

    lowering = LowerKernel


class ColumnsCompiler(KernelCompiler):
    """Compiles kernels over arrays that do not overlap."""

    def define_pipelines(self) -> list[Any]:
        """Return the passes, with the promise among the flags."""
        self.state.flags.noalias = True
        return super().define_pipelines()


def without_literals(dispatcher: Any) -> Any:
    """Have a function compiled once for integers, and not again for every constant that it is called with.

    The optimiser sees the constants all the same, where the function is inlined.
    """
    general: Any = types.unliteral
    template_of: Any = getattr(dispatcher, "get_call_template", None)  # plain Python has none

    def get_call_template(arguments: Any, keywords: Any) -> Any:
        plain = {name: general(kind) for name, kind in keywords.items()}
        return template_of(tuple(general(kind) for kind in arguments), plain)

    if template_of is not None:
        dispatcher.get_call_template = get_call_template
    return dispatcher
