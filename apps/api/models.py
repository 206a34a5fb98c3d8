"""Tables: who may use the API, and which creations were asked for lately."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from apps.stock.models import Ejecucion


class Alcance(models.TextChoices):
    """What a token is good for."""

    READ = "read", "leer el stock, las ejecuciones y sus figuras"
    GENERATE = "generate", "crear y gobernar ejecuciones"


class TokenAPI(models.Model):
    """A token: only its SHA-256 is kept, which is no use to whoever reads this table.

    `ultimo_uso` is written once an hour at most. `creadas` counts the runs asked for since `ventana`: the rate limit.
    """

    nombre = models.CharField(max_length=60)
    huella = models.CharField(max_length=64, unique=True, editable=False)
    alcance = models.CharField(max_length=40)
    creado = models.DateTimeField(auto_now_add=True)
    caduca = models.DateTimeField(null=True, blank=True)
    revocado = models.DateTimeField(null=True, blank=True)
    ultimo_uso = models.DateTimeField("último uso", null=True, blank=True)
    ventana = models.DateTimeField(null=True, editable=False)
    creadas = models.PositiveIntegerField(default=0, editable=False)

    class Meta:
        db_table = "api_token"
        verbose_name = "token de la API"
        verbose_name_plural = "tokens de la API"
        constraints = [
            models.UniqueConstraint(fields=["nombre"], condition=Q(revocado=None), name="un_token_vigente_por_nombre")
        ]

    def __str__(self) -> str:
        return self.nombre

    def may(self, scope: Alcance) -> bool:
        """Whether it is good for that."""
        return scope in self.alcance.split(",")


class ClaveIdempotencia(models.Model):
    """A creation that a client named, so that asking again gives the same run. `huella` tells its body from another."""

    token = models.ForeignKey(TokenAPI, on_delete=models.CASCADE, related_name="claves")
    clave = models.CharField(max_length=128)
    huella = models.CharField(max_length=64)
    ejecucion = models.ForeignKey(Ejecucion, on_delete=models.CASCADE, null=True, related_name="+")
    respuesta = models.JSONField(default=dict)
    creada = models.DateTimeField(auto_now_add=True, db_index=True)

    class Meta:
        db_table = "api_clave"
        verbose_name = "clave de idempotencia"
        verbose_name_plural = "claves de idempotencia"
        constraints = [models.UniqueConstraint(fields=["token", "clave"], name="una_creacion_por_clave")]

    def __str__(self) -> str:
        return self.clave
