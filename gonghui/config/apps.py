from unfold.apps import BasicAppConfig


class ConsoleConfig(BasicAppConfig):
    """Unfold's theme; the site itself is ours (`config.site`)."""
