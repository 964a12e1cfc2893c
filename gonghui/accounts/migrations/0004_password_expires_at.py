from django.db import migrations, models

# Those made before this count from now.
EXPIRE = "UPDATE accounts_user SET password_expires_at = now() + interval '72 hours' WHERE must_change_password"


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_one_time_passwords'),
    ]

    operations = [
        migrations.AddField(
            model_name='user',
            name='password_expires_at',
            field=models.DateTimeField(blank=True, editable=False, null=True, verbose_name='一次性密码到期'),
        ),
        migrations.RunSQL(EXPIRE, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(('must_change_password', True), ('password_expires_at__isnull', False)),
                    models.Q(('must_change_password', False), ('password_expires_at__isnull', True)),
                    _connector='OR',
                ),
                name='one_time_password_expires',
            ),
        ),
    ]
