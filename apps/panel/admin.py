"""Who may log in, in the admin's looks."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class Users(UserAdmin, ModelAdmin):  # type: ignore[misc, type-arg]
    """People."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm


@admin.register(Group)
class Groups(GroupAdmin, ModelAdmin):  # type: ignore[misc]
    """What groups of them may do."""
