"""The played provider, for pages where one pays."""

from gonghui.payments.tests.conftest import authorisation, wechat  # noqa: F401 - fixtures
