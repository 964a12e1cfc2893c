import click

from gonghui.config.cli import setup_django

HASHED = "whitenoise.storage.CompressedManifestStaticFilesStorage"


@click.command()
def command() -> None:
    """整理静态文件：压缩，并按内容命名，浏览器可以放心缓存。"""
    setup_django()
    from django.conf import settings
    from django.core.management import call_command

    # The launcher tells settings of the collected files only once they are there.
    settings.STATIC_ROOT = settings.COLLECTED_DIR
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": HASHED}}
    call_command("collectstatic", interactive=False, verbosity=1)
