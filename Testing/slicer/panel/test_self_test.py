"""The test that the module brings for the application itself, here in the stand-in for it, with the real engine."""

from __future__ import annotations


def test_module_passes_its_own_test(hosted_module, tiny_model):
    from HemorrhageUncertainty import HemorrhageUncertaintyTest

    case = HemorrhageUncertaintyTest()
    case.model = str(tiny_model)
    case.runTest()
