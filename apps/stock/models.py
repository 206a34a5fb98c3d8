"""Tables: the stock, its history, and each run with its batches, its calls and what it has made so far."""

from __future__ import annotations

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models

#: How a call ended (`Llamada.resultado`), beside the ways to fail (`flotia.outcome.Kind`).
WELL, CUT, GIVEN_UP = "bien", "cortada", "interrumpida"


class VehicleColumns(models.Model):
    """The columns of a vehicle, the same in the stock, its history and a run. Units as in `flotia.vehicle`."""

    bastidor = models.CharField(max_length=17)
    matricula = models.CharField("matrícula", max_length=10)
    marca = models.CharField(max_length=30)
    modelo = models.CharField(max_length=40)
    version = models.CharField("versión", max_length=120)
    anio_matricula = models.PositiveSmallIntegerField("año de matrícula")
    fecha_matriculacion = models.DateField("fecha de matriculación")
    kilometros = models.PositiveIntegerField("kilómetros")
    combustible = models.CharField(max_length=20)
    transmision = models.CharField("transmisión", max_length=12)
    tipo_vehiculo = models.CharField("tipo de vehículo", max_length=14)
    cilindrada = models.PositiveIntegerField("cilindrada (cm³)", null=True, blank=True)
    potencia = models.PositiveIntegerField("potencia (CV)")
    puertas = models.PositiveSmallIntegerField()
    plazas = models.PositiveSmallIntegerField()
    color = models.CharField(max_length=20)
    etiqueta_dgt = models.CharField("etiqueta DGT", max_length=3, blank=True)
    precio_venta = models.DecimalField(max_digits=10, decimal_places=2)
    precio_compra = models.DecimalField(max_digits=10, decimal_places=2)
    precio_costo = models.DecimalField(max_digits=10, decimal_places=2)
    provincia = models.CharField(max_length=30)
    concesionario = models.CharField(max_length=80)
    fecha_recepcion = models.DateField("fecha de recepción")
    dias_stock = models.PositiveIntegerField("días en stock")
    descripcion = models.TextField("descripción")
    equipamiento = models.JSONField(default=list)
    origen = models.CharField(max_length=10)
    modelo_ia = models.CharField("modelo de IA", max_length=120, blank=True)
    campos_ia = models.JSONField("campos de la IA", default=list)
    verificado = models.BooleanField(
        default=True, help_text="Si la marca está en el catálogo: lo demás no lo ha comprobado nadie"
    )

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.marca} {self.modelo} {self.version} ({self.matricula})"


#: The columns that are searched, by values and by limits, and those that are put in order with the names of their indexes.
_LISTED = ("marca", "combustible", "tipo_vehiculo", "transmision", "provincia", "color", "etiqueta_dgt")
_RANGED = ("precio_venta", "kilometros", "fecha_matriculacion", "potencia", "fecha_recepcion")
_ORDERS = {
    "precio_venta": "stock_precio", "kilometros": "stock_km", "fecha_matriculacion": "stock_matriculacion",
    "fecha_recepcion": "stock_recepcion", "potencia": "stock_potencia",
}  # fmt: skip


class Vehiculo(VehicleColumns):
    """A vehicle in stock."""

    bastidor = models.CharField(max_length=17, primary_key=True)
    matricula = models.CharField("matrícula", max_length=10, unique=True)

    class Meta:
        db_table = "stock"
        verbose_name = "vehículo"
        verbose_name_plural = "stock"
        indexes = [
            # For filters: first the columns with few values. PostgreSQL 18 skips through those that are not asked (older
            # ones, and SQLite, read the index through).
            models.Index(fields=[*_LISTED, "modelo", "origen", *_RANGED, "bastidor"], name="stock_busqueda"),
            # For each order and range. The key comes next: thousands of cars share a power or a mileage, and a page must not
            # sort them. With the other columns behind it filters are answered inside, without a look at the wide rows. Only
            # model and origin, which seldom tell rows along an order apart, would make each of these a seventh larger.
            *(
                models.Index(fields=list(dict.fromkeys([first, "bastidor", *_RANGED, *_LISTED])), name=name)
                for first, name in _ORDERS.items()
            ),
        ]


class Ejecucion(models.Model):
    """A run. At most one has `activa` set: that is the lock on the stock, and `latido` its owner's sign of life."""

    class Estado(models.TextChoices):
        """What a run is doing."""

        EN_COLA = "en_cola", "en cola"
        EN_CURSO = "en_curso", "en curso"
        INTERRUMPIDA = "interrumpida", "interrumpida"
        PUBLICADA = "publicada", "publicada"
        CANCELADA = "cancelada", "cancelada"

    class Orden(models.TextChoices):
        """What somebody wants of a run that another process works on."""

        PAUSAR = "pausar", "pausar"
        CANCELAR = "cancelar", "cancelar"

    cantidad = models.PositiveIntegerField(validators=[MinValueValidator(1), MaxValueValidator(10_000_000)])
    marca = models.CharField(max_length=30, blank=True)
    semilla = models.BigIntegerField()
    usa_ia = models.BooleanField()
    perfil = models.CharField(max_length=16)
    presupuesto = models.PositiveIntegerField("presupuesto de llamadas", null=True, blank=True)
    paralelo = models.PositiveSmallIntegerField("llamadas en paralelo", null=True, blank=True)
    al_agotar = models.CharField("al agotar el cupo", max_length=8, default="local")
    usa_cache = models.BooleanField("usa la caché", default=False)
    reemplaza = models.BooleanField(default=False)
    fecha = models.DateField(help_text="Fecha de la que es el stock")
    catalogo = models.CharField("huella del catálogo", max_length=16)
    estado = models.CharField(max_length=12, choices=Estado)
    activa = models.BooleanField(null=True, unique=True, default=None, editable=False)
    propietario = models.CharField(max_length=200, blank=True)
    latido = models.DateTimeField(null=True, blank=True)
    creada = models.DateTimeField(auto_now_add=True)
    publicada = models.DateTimeField(null=True, blank=True)
    segundos = models.FloatField(default=0.0)
    motivo = models.CharField(max_length=300, blank=True, help_text="Por qué se interrumpió o dejó de usar IA")
    sigue_desde = models.DateTimeField(null=True, blank=True, help_text="Cuándo vuelve a haber cupo, si está en pausa")
    orden = models.CharField(max_length=8, choices=Orden, blank=True, default="", editable=False)
    encargada = models.DateTimeField(
        null=True, default=None, editable=False, help_text="Cuándo se dejó al proceso de fondo; vacía si es de la orden"
    )
    caidas = models.PositiveSmallIntegerField("veces que cayó su proceso", default=0, editable=False)
    sin_red = models.BooleanField("sin preguntar a ningún modelo", default=False)
    de_una_vez = models.BooleanField("en una sola transacción", default=False, editable=False)
    llamadas_hasta = models.PositiveBigIntegerField(null=True, default=None, editable=False)
    recuento = models.JSONField("vehículos por origen", default=dict, editable=False)

    class Meta:
        db_table = "ejecucion"
        verbose_name = "ejecución"
        verbose_name_plural = "ejecuciones"
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Ejecución {self.pk}: {self.cantidad} vehículos ({self.get_estado_display()})"

    @property
    def is_over(self) -> bool:
        """Whether nothing will happen to it any more."""
        return self.estado in (self.Estado.PUBLICADA, self.Estado.CANCELADA)


class VehiculoGenerado(VehicleColumns):
    """A vehicle that a run has made and not yet published; `indice` is its slot."""

    ejecucion = models.ForeignKey(Ejecucion, on_delete=models.CASCADE, related_name="vehiculos")
    indice = models.PositiveIntegerField("índice")

    class Meta:
        db_table = "vehiculo_generado"
        verbose_name = "vehículo generado"
        verbose_name_plural = "vehículos generados"
        constraints = [
            models.UniqueConstraint(fields=["ejecucion", "indice"], name="un_vehiculo_por_indice"),
            models.UniqueConstraint(fields=["ejecucion", "bastidor"], name="un_bastidor_por_ejecucion"),
            models.UniqueConstraint(fields=["ejecucion", "matricula"], name="una_matricula_por_ejecucion"),
        ]


class VehiculoHistorico(VehicleColumns):
    """A vehicle that was in stock when a run replaced it."""

    fecha_snapshot = models.DateTimeField(db_index=True)
    ejecucion = models.ForeignKey(Ejecucion, on_delete=models.SET_NULL, null=True, help_text="La que lo reemplazó")

    class Meta:
        db_table = "stock_historico"
        verbose_name = "vehículo histórico"
        verbose_name_plural = "histórico del stock"
        indexes = [models.Index(fields=["bastidor"], name="historico_bastidor")]


class Lote(models.Model):
    """A finished batch of a run: its number in the plan and how many vehicles it brought."""

    ejecucion = models.ForeignKey(Ejecucion, on_delete=models.CASCADE, related_name="lotes")
    numero = models.PositiveIntegerField("número")
    vehiculos = models.PositiveIntegerField()
    de_ia = models.PositiveIntegerField("de IA")
    terminado = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "lote"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"Lote {self.numero} de la ejecución {self.ejecucion_id}"


class Llamada(models.Model):
    """A call to a model: what was asked, how long it took, and what of the answer stood."""

    ejecucion = models.ForeignKey(Ejecucion, on_delete=models.CASCADE, related_name="llamadas")
    lote = models.PositiveIntegerField()
    cuenta = models.CharField(max_length=40, blank=True)
    modelo_pedido = models.CharField(max_length=120)
    modelo = models.CharField("modelo que respondió", max_length=120)
    resultado = models.CharField(max_length=30)
    mensaje = models.CharField(max_length=300, blank=True)
    pedidos = models.PositiveSmallIntegerField("vehículos pedidos")
    conservados = models.PositiveSmallIntegerField(default=0)
    reparados = models.PositiveSmallIntegerField(default=0)
    rechazados = models.PositiveSmallIntegerField(default=0)
    latencia = models.FloatField("latencia (s)")
    tokens_entrada = models.PositiveIntegerField(default=0)
    tokens_salida = models.PositiveIntegerField(default=0)
    coste = models.FloatField(default=0.0)
    hecha = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "llamada"
        ordering = ["id"]
        indexes = [models.Index(fields=["hecha"], name="llamada_hecha")]

    def __str__(self) -> str:
        return f"{self.modelo_pedido}: {self.resultado}"


class Evento(models.Model):
    """What a run has told, for whoever watches it: see `apps.stock.runs.journal`."""

    ejecucion = models.ForeignKey(Ejecucion, on_delete=models.CASCADE, related_name="eventos", db_index=False)
    tipo = models.CharField(max_length=20)
    datos = models.JSONField(default=dict)
    momento = models.DateTimeField()

    class Meta:
        db_table = "evento"
        ordering = ["id"]
        indexes = [models.Index(fields=["ejecucion", "id"], name="evento_de_ejecucion")]

    def __str__(self) -> str:
        return f"{self.tipo} de la ejecución {self.ejecucion_id}"
