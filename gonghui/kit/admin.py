from django.contrib import admin

from gonghui.kit.console.audit_screen import AuditAdmin
from gonghui.kit.models import AuditEntry

admin.site.register(AuditEntry, AuditAdmin)
