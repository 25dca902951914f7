"""One contract over every engine that articles can be searched in."""

import pytest

pytest.register_assert_rewrite("tests.engines.answers")
