<?php

// SPDX-License-Identifier: ISC
// To be merged into config/snmptraps.php of LibreNMS.
// Made from SRCPORT-MIB by `make conf`: change the generator in tests/nms/, not this.

return [
    'trap_handlers' => [
        'SRCPORT-MIB::srcPortCritical' => \LibreNMS\Snmptrap\Handlers\SrcPortCritical::class,
        'SRCPORT-MIB::srcPortWarning' => \LibreNMS\Snmptrap\Handlers\SrcPortWarning::class,
        'SRCPORT-MIB::srcPortCleared' => \LibreNMS\Snmptrap\Handlers\SrcPortCleared::class,
        'SRCPORT-MIB::srcPortSuppressed' => \LibreNMS\Snmptrap\Handlers\SrcPortSuppressed::class,
        'SRCPORT-MIB::srcPortUnknown' => \LibreNMS\Snmptrap\Handlers\SrcPortUnknown::class,
    ],
];
