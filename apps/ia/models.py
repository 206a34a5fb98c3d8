"""Tables: accounts with their books, models with their records, providers' lists, and rows of earlier answers."""

from __future__ import annotations

from django.db import models


class Cuenta(models.Model):
    """An account at a provider and its book (`flotia.limits.book.AccountBook`), shared by all runs on this database.

    `huella` tells keys apart without holding any part of them.
    """

    nombre = models.CharField(max_length=40)
    huella = models.CharField(max_length=16, editable=False)
    base = models.CharField(max_length=200)
    libro = models.JSONField(default=dict)
    actualizada = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "cuenta_ia"
        verbose_name = "cuenta"
        constraints = [models.UniqueConstraint(fields=["nombre", "huella"], name="una_cuenta_por_clave")]

    def __str__(self) -> str:
        return self.nombre


class ModeloIA(models.Model):
    """What is remembered of a model at an account (`flotia.routing.record.Record`)."""

    cuenta = models.ForeignKey(Cuenta, on_delete=models.CASCADE, related_name="modelos")
    modelo = models.CharField(max_length=120)
    registro = models.JSONField(default=dict)
    actualizado = models.DateTimeField(auto_now=True)

    class Meta:
        db_table = "modelo_ia"
        verbose_name = "modelo de IA"
        verbose_name_plural = "modelos de IA"
        constraints = [models.UniqueConstraint(fields=["cuenta", "modelo"], name="un_registro_por_modelo")]

    def __str__(self) -> str:
        return self.modelo


class ListaModelos(models.Model):
    """The models that a provider listed when it was last asked; the last good copy stays."""

    cuenta = models.OneToOneField(Cuenta, on_delete=models.CASCADE, related_name="lista")
    ofertas = models.JSONField(default=list)
    obtenida = models.DateTimeField()

    class Meta:
        db_table = "lista_modelos"
        verbose_name = "lista de modelos"
        verbose_name_plural = "listas de modelos"

    def __str__(self) -> str:
        return f"{len(self.ofertas)} modelos de {self.cuenta}"


class FilaCache(models.Model):
    """What stood of a model's answer about one car, to be used again. `fila` holds the fields as the model gave them.

    `huella` tells equal rows; `catalogo` is the fingerprint of the catalogue that judged it.
    """

    huella = models.CharField(max_length=32, unique=True, editable=False)
    catalogo = models.CharField("huella del catálogo", max_length=16)
    marca = models.CharField(max_length=30)
    modelo = models.CharField(max_length=40)
    anio = models.PositiveSmallIntegerField("año")
    modelo_ia = models.CharField("modelo de IA", max_length=120)
    fila = models.JSONField()
    creada = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "cache_ia"
        verbose_name = "fila en caché"
        verbose_name_plural = "caché de respuestas"
        indexes = [models.Index(fields=["catalogo", "marca", "modelo", "anio"], name="cache_coche")]

    def __str__(self) -> str:
        return f"{self.marca} {self.modelo} de {self.anio}, por {self.modelo_ia}"
